// The same at full size.
import './history-walk.test.js';
