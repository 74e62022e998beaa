// The same at full size.
import './lock.test.js';
