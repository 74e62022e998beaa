import './parents-walk.test.js';
