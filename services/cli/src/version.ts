/** Version of the API description and of the command. */
export const VERSION = '0.1.0';
