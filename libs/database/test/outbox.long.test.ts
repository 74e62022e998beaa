// The same at full size.
import './outbox.test.js';
