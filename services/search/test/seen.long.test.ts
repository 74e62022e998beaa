// The same at full size.
import './seen.test.js';
