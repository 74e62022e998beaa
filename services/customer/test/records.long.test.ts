// The same at full size.
import './records.test.js';
