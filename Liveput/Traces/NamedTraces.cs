using Parcae.Liveput.Traces.Synthetic;

namespace Parcae.Liveput.Traces;

/// <summary>Finds a trace by what was typed: the name of a built-in one, the spelling of a synthetic one, or a file.</summary>
public static class NamedTraces
{
    /// <summary>The trace that is meant, looked for in this order.</summary>
    /// <param name="name"><c>aws-p3</c>, <c>LADP</c> (see <see cref="BuiltInTraces"/>); <c>bursts:7,capacity=64</c> (see <see cref="SyntheticSpec"/>); or the path of a file (see <see cref="TraceFile"/>).</param>
    /// <param name="options">What to assume where a file does not say it.</param>
    /// <exception cref="ArgumentException">It is none of these, or a synthetic trace with a wrong parameter.</exception>
    /// <exception cref="TraceFormatException">The file is not a trace.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static AvailabilityTrace Resolve(string name, TraceReadOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (BuiltInTraces.TryGet(name) is { } builtIn) return builtIn;
        if (SyntheticSpec.IsSpec(name)) return SyntheticTrace.Generate(name);
        return File.Exists(name)
            ? TraceFile.Load(name, options)
            : throw new ArgumentException(
                $"'{name}' is neither a built-in trace nor a file; built in are {string.Join(", ", BuiltInTraces.Names)} (a segment's name alone will do, like LADP); "
                + $"synthetic ones are spelled KIND:SEED[,PARAMETER=NUMBER...] with a kind of {string.Join(", ", SyntheticSpec.Kinds.Select(k => k.Kind))}, like bursts:7,capacity=64.");
    }
}
