/** A method and the pattern of the paths it is served at, such as `/v1/messages/:id`. */
export interface Route {
  readonly method: string;
  readonly path: string;
  /** Media types of the bodies that it takes; none where it takes no body. */
  readonly bodies: readonly string[];
}

/** The route that a pattern belongs to, as the framework found it. */
export const routeAt = (
  routes: readonly Route[],
  method: string,
  path: string | undefined,
): Route | undefined => routes.find((route) => route.method === method && route.path === path);

/** The methods that are served at a path; empty when there is nothing. */
export function methodsAt(
  routes: readonly Pick<Route, 'method' | 'path'>[],
  path: string,
): readonly string[] {
  const parts = path.split('/');
  return [
    ...new Set(routes.filter((route) => fits(route.path.split('/'), parts)).map(({ method }) => method)),
  ];
}

function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  if (pattern.at(-1) === '*') {
    return parts.length >= pattern.length && fits(pattern.slice(0, -1), parts.slice(0, pattern.length - 1));
  }
  return (
    pattern.length === parts.length &&
    pattern.every((part, index) => (part.startsWith(':') ? parts[index] !== '' : part === parts[index]))
  );
}
