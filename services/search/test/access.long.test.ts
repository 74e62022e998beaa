// The same at full size.
import './access.test.js';
