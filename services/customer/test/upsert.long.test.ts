// The same at full size.
import './upsert.test.js';
