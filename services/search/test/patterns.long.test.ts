// The same at full size.
import './patterns.test.js';
