using Parcae.Cli.Commands;
using Parcae.Liveput;
using Parcae.Liveput.Forecasting;
using Parcae.Liveput.Profiles;

namespace Parcae.Cli.Planning;

/// <summary>Finds profiles, forecasters and strategies by what was typed.</summary>
internal static class PlanSources
{
    private static readonly string[] Forecasters = ["persistence"];

    /// <summary>A built-in profile by its name, else the file of that path.</summary>
    /// <exception cref="UsageException">It is neither, or the file is not a profile.</exception>
    public static PlanningProfile Profile(string nameOrFile)
    {
        if (BuiltInProfiles.TryGet(nameOrFile) is { } builtIn) return builtIn;
        if (!File.Exists(nameOrFile))
            throw new UsageException($"--profile: '{nameOrFile}' is neither a built-in profile nor a file; built in are {string.Join(", ", BuiltInProfiles.Names)}.");
        try
        {
            return ProfileFile.Load(nameOrFile);
        }
        catch (FormatException e)
        {
            throw new UsageException($"--profile: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--profile: '{nameOrFile}' cannot be read: {e.Message}");
        }
    }

    /// <summary>A forecaster by its name.</summary>
    /// <exception cref="UsageException">There is none of that name.</exception>
    public static IAvailabilityForecaster Forecaster(string name) => name switch
    {
        "persistence" => new PersistenceForecaster(),
        _ => throw new UsageException($"--forecast: '{name}' is not valid; it must be one of {string.Join(", ", Forecasters)}."),
    };

    /// <summary>A strategy: <c>4x8</c>, or <c>pause</c>.</summary>
    /// <exception cref="UsageException">It is neither.</exception>
    public static Strategy Strategy(string option, string text)
    {
        if (text == "pause") return Parcae.Liveput.Strategy.None;
        string[] parts = text.Split('x', 'X');
        if (parts.Length == 2 && int.TryParse(parts[0].Trim(), out int pipelines) && int.TryParse(parts[1].Trim(), out int depth) && pipelines is >= 1 and <= 65536 && depth is >= 1 and <= 4096)
            return new Strategy(pipelines, depth);
        throw new UsageException($"{option}: '{text}' is not valid; it must be pipelines x depth, like 4x8, or pause.");
    }
}
