// The same at full size.
import './crash.test.js';
