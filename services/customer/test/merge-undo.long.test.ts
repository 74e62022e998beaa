// The same at full size.
import './merge-undo.test.js';
