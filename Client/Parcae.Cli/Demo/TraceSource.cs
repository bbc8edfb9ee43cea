using Parcae.Cli.Commands;
using Parcae.Liveput.Traces;

namespace Parcae.Cli.Demo;

/// <summary>Finds a trace by what was typed.</summary>
internal static class TraceSource
{
    /// <summary>A built-in trace by its name, else the file of that path.</summary>
    /// <exception cref="UsageException">It is neither, or the file is not a trace.</exception>
    public static AvailabilityTrace Load(string nameOrFile)
    {
        if (BuiltInTraces.TryGet(nameOrFile) is { } builtIn) return builtIn;
        if (!File.Exists(nameOrFile))
            throw new UsageException(
                $"--trace: '{nameOrFile}' is neither a built-in trace nor a file; built in are {string.Join(", ", BuiltInTraces.Names)} "
                + "(a segment's name alone will do, like LADP).");
        try
        {
            return TraceFile.Load(nameOrFile);
        }
        catch (TraceFormatException e)
        {
            throw new UsageException($"--trace: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--trace: '{nameOrFile}' cannot be read: {e.Message}");
        }
    }
}
