using System.Runtime.Versioning;

// Scripts, units and modes of files: all of it is for Linux.
[assembly: SupportedOSPlatform("linux")]
