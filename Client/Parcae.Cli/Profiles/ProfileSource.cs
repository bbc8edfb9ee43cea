using Parcae.Cli.Commands;
using Parcae.Liveput.Profiles;

namespace Parcae.Cli.Profiles;

/// <summary>Finds a profile by what was typed; the one way for every verb.</summary>
internal static class ProfileSource
{
    /// <summary>What can be typed, for the help of an option.</summary>
    public const string HelpName = "NAME|FILE";

    /// <summary>What can be typed, in words.</summary>
    public static string Help { get; } = $"a built-in profile ({string.Join(", ", BuiltInProfiles.Names)}) or a file";

    /// <summary>A built-in profile by its name, any case, else the file of that path.</summary>
    /// <param name="nameOrFile">What was typed.</param>
    /// <param name="option">Where, for messages.</param>
    /// <exception cref="UsageException">It is neither, or the file cannot be read or is not a profile.</exception>
    public static PlanningProfile Load(string nameOrFile, string option = "--profile")
    {
        ArgumentNullException.ThrowIfNull(nameOrFile);
        if (BuiltInProfiles.TryGet(nameOrFile) is { } builtIn) return builtIn;
        if (!Path.Exists(nameOrFile))
        {
            throw new UsageException($"{option}: '{nameOrFile}' is neither a built-in profile nor a file; built in are {string.Join(", ", BuiltInProfiles.Names)}.");
        }

        try
        {
            return ProfileFile.Load(nameOrFile);
        }
        catch (ProfileFormatException e)
        {
            throw new UsageException($"{option}: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{option}: '{nameOrFile}' cannot be read: {e.Message}");
        }
    }
}
