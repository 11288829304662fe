const pure = '^libs/(contracts|confidence|policy)/src';
const only = (name, module, path) => ({
  name,
  severity: 'error',
  comment: `${module} is known in one place, so that it can be swapped there`,
  from: { pathNot: path },
  to: { path: `node_modules/${module}/` },
});
const row = (name, from, allowed) => ({
  name: `row-${name}`,
  severity: 'error',
  comment:
    'imports point down the layout list only; libs of one row never import each other (ARCHITECTURE.md)',
  from: { path: `^libs/(${from})/src` },
  to: {
    path: '^libs/([^/]+)/src',
    pathNot: `^libs/(${[from.includes('|') ? '$1' : from, ...allowed].join('|')})/src`,
  },
});

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'lib-to-service',
      severity: 'error',
      comment: 'specs may start servers of their own',
      from: { path: '^libs/' },
      to: { path: '^(services|test)/', pathNot: '^test/servers/' },
    },
    {
      name: 'service-to-service',
      severity: 'error',
      comment: 'services talk through events; only the command composes them',
      from: { path: '^services/([^/]+)/', pathNot: '^services/cli/' },
      to: { path: '^services/([^/]+)/', pathNot: '^services/$1/' },
    },
    {
      name: 'source-to-tests',
      severity: 'error',
      from: { path: '^(libs|services)/', pathNot: '\\.spec\\.ts$|/testing/' },
      to: { path: '/testing/|^test/|\\.spec\\.ts$' },
    },
    row('contracts', 'contracts', []),
    row('telemetry', 'telemetry|sqlite', ['contracts']),
    row('pure', 'confidence|policy', ['contracts']),
    row('pack', 'pack', ['contracts', 'policy', 'confidence', 'telemetry']),
    row('ports', 'bus|store|models|http', [
      'contracts',
      'telemetry',
      'sqlite',
      'policy',
      'confidence',
      'pack',
    ]),
    row('eval', 'eval', ['contracts', 'telemetry', 'policy', 'confidence', 'pack', 'store', 'models']),
    {
      name: 'pure-libs',
      severity: 'error',
      comment: 'rules take time, chance and the world as input; a hash is none of these',
      from: { path: pure, pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'nest-outside-rules',
      severity: 'error',
      from: { path: '^libs/(contracts|telemetry|sqlite|confidence|policy|pack|store|models)/src' },
      to: { path: 'node_modules/@nestjs/' },
    },
    only('kafkajs', 'kafkajs', '^libs/bus/src/(kafka|testing/kafka)|^test/'),
    only('ioredis', 'ioredis', '^libs/store/src/(redis|testing)|^test/'),
    only('pg', '(pg|kysely)', '^libs/store/src/(postgres|testing)|^test/'),
    only('openai', 'openai', '^libs/models/src/openai'),
    {
      name: 'sqlite-in-drivers',
      severity: 'error',
      from: { path: '^(libs|services)/', pathNot: '^libs/(sqlite/|(bus|store)/src/.*embedded)' },
      to: { path: '^(node:)?sqlite$' },
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/|/gen/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.spec.json' },
    enhancedResolveOptions: {
      conditionNames: ['spillway-source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};
