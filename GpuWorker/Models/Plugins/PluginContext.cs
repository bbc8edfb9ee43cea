using System.Reflection;
using System.Runtime.Loader;

namespace Parcae.GpuWorker.Models.Plugins;

/// <summary>
/// Where a plug-in's assemblies live: its own, with its own versions of what it depends on. What this engine is built from, and so anything that can
/// pass between the two, is the host's.
/// </summary>
internal sealed class PluginContext : AssemblyLoadContext
{
    private static readonly HashSet<string?> Shared =
        [typeof(PluginContext).Assembly.GetName().Name, .. typeof(PluginContext).Assembly.GetReferencedAssemblies().Select(a => a.Name)];

    private readonly AssemblyDependencyResolver _resolver;

    /// <summary>Makes a context for a class library.</summary>
    /// <param name="path">Its full path; what it depends on is found by the <c>.deps.json</c> beside it, or else beside it.</param>
    public PluginContext(string path)
        : base($"model {path}") => _resolver = new AssemblyDependencyResolver(path);

    /// <summary>Loads an assembly from a copy in memory: the file may be built anew while this one is in use.</summary>
    /// <exception cref="BadImageFormatException">It is no assembly.</exception>
    public Assembly Read(string path)
    {
        using var assembly = new MemoryStream(File.ReadAllBytes(path));
        var symbols = Path.ChangeExtension(path, ".pdb");
        if (!File.Exists(symbols)) return LoadFromStream(assembly);
        using var debug = new MemoryStream(File.ReadAllBytes(symbols));
        return LoadFromStream(assembly, debug);
    }

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName) =>
        Shared.Contains(assemblyName.Name) || _resolver.ResolveAssemblyToPath(assemblyName) is not { } path ? null : Read(path);

    /// <inheritdoc/>
    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;
}
