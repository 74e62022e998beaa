// The same at full size.
import './tag-filters.test.js';
