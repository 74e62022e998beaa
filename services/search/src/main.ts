import { main } from '@kontor/service';
import { service } from './index.js';

await main(service);
