using System.CommandLine;

using Parcae.Cli.Commands;
using Parcae.Liveput.Traces;

namespace Parcae.Cli.Traces;

/// <summary>Finds a trace by what was typed; the one way for every verb.</summary>
internal static class TraceSource
{
    /// <summary>What can be typed, for the help of an option.</summary>
    public const string HelpName = "NAME|FILE|KIND:SEED";

    /// <summary>What can be typed, in words.</summary>
    public const string Help = "a built-in trace (aws-p3, or its segments HADP, HASP, LADP, LASP), a file, or a synthetic one like bursts:7,capacity=64";

    /// <summary>A built-in trace by its name, a synthetic one by its spelling, else the file of that path.</summary>
    /// <param name="typed">What was typed.</param>
    /// <param name="option">Where, for messages.</param>
    /// <param name="reading">What to assume where a file does not say it.</param>
    /// <exception cref="UsageException">It is none of these, the spelling is wrong, or the file is not a trace.</exception>
    public static AvailabilityTrace Load(string typed, string option = "--trace", TraceReadOptions? reading = null)
    {
        try
        {
            return NamedTraces.Resolve(typed, reading);
        }
        catch (Exception e) when (e is TraceFormatException or ArgumentException)
        {
            throw new UsageException($"{option}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{option}: '{typed}' cannot be read: {e.Message}");
        }
    }

    /// <summary>The trace as an argument of a verb.</summary>
    public static Argument<string> Argument(string name = "trace") => new(name) { Description = char.ToUpperInvariant(Help[0]) + Help[1..] + ".", HelpName = HelpName };
}
