// The same at full size.
import './start.test.js';
