import { registerHooks } from 'node:module';

// Lets a child process of a spec run TypeScript as it stands: imports name the files that the build will make.
registerHooks({
  resolve(specifier, context, next) {
    try {
      return next(specifier, context);
    } catch (error) {
      if (!specifier.endsWith('.js')) throw error;
      return next(specifier.replace(/\.js$/, '.ts'), context);
    }
  },
});
