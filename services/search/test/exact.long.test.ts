// The same at full size.
import './exact.test.js';
