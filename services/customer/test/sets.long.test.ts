// The same at full size.
import './sets.test.js';
