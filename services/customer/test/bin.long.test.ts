// The same at full size.
import './bin.test.js';
