// The same at full size.
import './shared-meili.test.js';
