using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Parcae.GpuWorker.Native;

/// <summary>How LibTorchSharp, the native half of TorchSharp, came to be loaded.</summary>
public enum TorchNativeLoading
{
    /// <summary>TorchSharp has not been used yet.</summary>
    NotYet,

    /// <summary>The library loads as it was shipped, or the platform is not one that <see cref="TorchNative"/> knows; TorchSharp finds it by itself.</summary>
    AsShipped,

    /// <summary>A copy was loaded that asks for an older libstdc++.</summary>
    Adapted,
}

/// <summary>
/// Lets TorchSharp load where libstdc++ is older than GCC 13's, such as on Debian 12 and Ubuntu 22.04. Its native half was linked against a
/// newer one and asks for GLIBCXX_3.4.32, on account of a single symbol: the hook by which GCC 13 sets up the standard streams
/// (<c>std::ios_base_library_init</c>). Older libraries set them up through the constructor <c>std::ios_base::Init</c>; both only have to be
/// linked to, so a copy of the library that names the constructor works the same. Nothing happens where the shipped library loads.
/// </summary>
public static class TorchNative
{
    private const string Library = "libLibTorchSharp.so";
    private const string NewVersion = "GLIBCXX_3.4.32";
    private const string OldVersion = "GLIBCXX_3.4";
    private const string NewHook = "_ZSt21ios_base_library_initv";
    private const string OldHook = "_ZNSt8ios_base4InitC1Ev";

    private static readonly Lock Gate = new();

    /// <summary>How LibTorchSharp was loaded in this process.</summary>
    public static TorchNativeLoading Loading { get; private set; }

    /// <summary>
    /// Loads LibTorchSharp, adapting it where it has to be. Runs by itself when TorchSharp is loaded in a process that uses this assembly; but the
    /// runtime drops what is thrown then, so whoever begins to use tensors calls this to hear why they cannot be used. Again is harmless.
    /// </summary>
    /// <exception cref="DllNotFoundException">The library is neither loadable as shipped nor one that can be adapted.</exception>
    public static void EnsureLoaded()
    {
        lock (Gate)
        {
            if (Loading == TorchNativeLoading.NotYet) Loading = Load();
        }
    }

    /// <summary>A copy of LibTorchSharp's bytes that loads with an older libstdc++.</summary>
    /// <exception cref="BadImageFormatException">The library is not of the expected make: it asks for something else of GLIBCXX_3.4.32 than the one hook.</exception>
    public static byte[] Adapt(ReadOnlySpan<byte> library)
    {
        var copy = library.ToArray();
        var elf = new ElfSymbols(copy);
        var (newer, older) = (Needed(NewVersion), Needed(OldVersion));
        var bound = elf.Symbols().Where(s => s.VersionIndex == newer.Index).ToList();
        if (bound is not [{ Name: NewHook } hook])
        {
            throw new BadImageFormatException(
                $"Of {NewVersion} it asks for {(bound.Count == 0 ? "nothing" : string.Join(", ", bound.Select(s => s.Name)))}; expected was {NewHook} alone.");
        }

        elf.Rebind(hook, OldHook, older);
        elf.AskInstead(newer, older);
        return copy;

        ElfSymbols.NeededVersion Needed(string name) => elf.NeededVersions().Where(v => v.Name == name).Select(v => (ElfSymbols.NeededVersion?)v).FirstOrDefault()
            ?? throw new BadImageFormatException($"It does not ask for {name}.");
    }

    /// <summary>Waits for TorchSharp: whoever uses this assembly without tensors should not pay for loading half a gigabyte of libraries.</summary>
#pragma warning disable CA2255 // Not meant for libraries as a rule; but nothing else runs before the first use of TorchSharp, wherever that is.
    [ModuleInitializer]
    internal static void Register()
#pragma warning restore CA2255
    {
        AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) => EnsureLoadedFor(loaded.LoadedAssembly.GetName().Name);
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies()) EnsureLoadedFor(assembly.GetName().Name);
    }

    private static void EnsureLoadedFor(string? assembly)
    {
        if (assembly == "TorchSharp") EnsureLoaded();
    }

    private static TorchNativeLoading Load()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64 || Find() is not { } shipped)
            return TorchNativeLoading.AsShipped;

        // The copy lies elsewhere and would not find what it depends on; what is loaded already is found by its name.
        foreach (var dependency in new[] { "libtorch_cpu.so", "libtorch_cuda.so", "libtorch.so" })
        {
            var path = Path.Combine(Path.GetDirectoryName(shipped)!, dependency);
            if (File.Exists(path)) NativeLibrary.Load(path);
        }

        if (NativeLibrary.TryLoad(shipped, out _)) return TorchNativeLoading.AsShipped;
        var folder = Directory.CreateTempSubdirectory("parcae-torch-"); // readable by this user alone
        try
        {
            var copy = Path.Combine(folder.FullName, Library);
            File.WriteAllBytes(copy, Adapt(File.ReadAllBytes(shipped)));
            NativeLibrary.Load(copy);
        }
        catch (Exception e) when (e is BadImageFormatException or DllNotFoundException or IOException)
        {
            throw new DllNotFoundException(
                $"{shipped} does not load on this system, and no copy of it that does could be made in {folder.FullName}: {e.Message} " +
                "It needs the C++ library of GCC 13 or later (libstdc++.so.6 with GLIBCXX_3.4.32), " +
                "or else a folder for temporary files from which libraries may be loaded (TMPDIR).", e);
        }
        finally
        {
            folder.Delete(recursive: true); // what is loaded stays loaded
        }

        return TorchNativeLoading.Adapted;
    }

    // The folders the host resolved (the output folder's runtimes/linux-x64/native, or the package cache), then the places a publish puts it.
    private static string? Find() => ((AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string) ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Append(AppContext.BaseDirectory)
        .Append(Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native"))
        .Select(folder => Path.Combine(folder, Library))
        .FirstOrDefault(File.Exists);
}
