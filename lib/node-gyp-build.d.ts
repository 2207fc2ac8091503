declare module 'node-gyp-build' {
  /** Loads the addon of the package in `folder`: a local build, or the prebuilt one for this platform. */
  function load(folder: string): unknown;
  export = load;
}
