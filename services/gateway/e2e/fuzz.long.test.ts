// The same with thousands of calls for each route.
import './fuzz.test.js';
