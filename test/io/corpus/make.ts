import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { CASES } from './cases';

for (const [name, content] of Object.entries(CASES)) writeFileSync(join(__dirname, name), content);
