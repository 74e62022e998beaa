// The same at full size.
import './degraded.test.js';
