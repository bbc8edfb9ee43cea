using System.Reflection;

namespace Parcae.GpuWorker.Models.Plugins;

/// <summary>The class libraries that this process has loaded, each once as long as its file is the same.</summary>
internal static class PluginAssemblies
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<(string Path, DateTime Written), Assembly> Loaded = [];

    /// <summary>Loads a class library, or the one that was loaded from this file before.</summary>
    /// <exception cref="ArgumentException">There is no such file, it cannot be read, it is no .NET assembly, or this silo does not load it.</exception>
    public static Assembly Load(string path)
    {
        path = Path.GetFullPath(path);
        PluginFolder.Check(path);
        if (!File.Exists(path))
            throw new ArgumentException($"model.assembly: there is no file {path} on this machine; it must be the class library of the model.", nameof(path));
        lock (Gate)
        {
            var key = (path, File.GetLastWriteTimeUtc(path));
            if (Loaded.TryGetValue(key, out var loaded)) return loaded;
            try
            {
                return Loaded[key] = new PluginContext(path).Read(path);
            }
            catch (BadImageFormatException e)
            {
                throw new ArgumentException($"model.assembly: {path} is no .NET assembly; it must be the class library (.dll) that the model was built into.", nameof(path), e);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
            {
                throw new ArgumentException($"model.assembly: {path} could not be loaded: {e.Message}", nameof(path), e);
            }
        }
    }
}
