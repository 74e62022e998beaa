// The same at full size.
import './lost-consumer.test.js';
