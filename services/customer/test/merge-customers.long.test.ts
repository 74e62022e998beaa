// The same at full size.
import './merge-customers.test.js';
