// The same at full size.
import './alike.test.js';
