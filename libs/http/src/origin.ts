/** What of a request tells where it was sent from. */
export interface Sender {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`, which browsers set and pages cannot. */
  readonly site: string | undefined;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|::1)$/i;
const withoutPort = (host: string): string => host.replace(/:\d*$/, '');

/** Whether an address to listen on can only be reached from this machine. */
export const isLoopback = (address: string): boolean => LOOPBACK.test(address);

/**
 * Why a request may not come in; undefined when it may.
 *
 * `localOnly`: the server has no keys, so whoever reaches it is let in. A page on the web reaches it through the
 * user's browser: by a name that resolves to loopback (the Host header tells), or by a form that writes across sites.
 */
export function refusalOf(sender: Sender, localOnly: boolean): string | undefined {
  if (localOnly && !LOOPBACK.test(sender.host === '::1' ? sender.host : withoutPort(sender.host ?? ''))) {
    return 'without API keys only requests to localhost are answered';
  }
  if (sender.method === 'GET' || sender.method === 'HEAD') return undefined;
  if (sender.site !== undefined) {
    return sender.site === 'same-origin' || sender.site === 'none' ? undefined : CROSS_SITE;
  }
  return sender.origin === undefined || hostOf(sender.origin) === sender.host ? undefined : CROSS_SITE;
}

const CROSS_SITE = 'pages of other sites may not write here';

const hostOf = (origin: string): string | undefined =>
  URL.canParse(origin) ? new URL(origin).host : undefined;
