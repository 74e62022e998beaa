import { racesOf } from './parent-races.js';

racesOf('some');
