// The same at full size.
import './replace.test.js';
