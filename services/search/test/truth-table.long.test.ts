// The same at full size.
import './truth-table.test.js';
