// The same at full size.
import './walk.test.js';
