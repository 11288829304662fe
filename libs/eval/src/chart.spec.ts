import * as Plot from '@observablehq/plot';
import { expect, it } from 'vitest';
import { chart } from './chart.js';

it('is one SVG that says what it shows and loads nothing', () => {
  const marks = [
    Plot.line(
      [
        { x: 0, y: 0 },
        { x: 1, y: 0.5 },
      ],
      { x: 'x', y: 'y' },
    ),
    Plot.text(['<script>x</script>']),
  ];
  const svg = chart('Risk "and" coverage', { marks });
  expect(svg).toMatch(/^<svg /);
  expect(svg).toContain('aria-label="Risk &quot;and&quot; coverage"');
  expect(svg).toContain('<path');
  expect(svg).not.toMatch(/<script|href=|url\(/);
});
