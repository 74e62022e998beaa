// The same at full size.
import './duplicates.test.js';
