// The same at full size.
import './forget.test.js';
