using System.Globalization;
using System.Text.RegularExpressions;
using Parcae.Silo.Availability;
using Parcae.Silo.Hosting;

namespace Parcae.Infra.Tests.Support;

/// <summary>A silo as a deployment starts it: what its own code makes of the command line and the environment.</summary>
/// <param name="Settings">As the silo would have them.</param>
/// <param name="Grace">Time from being told to stop to being killed.</param>
internal sealed partial record Deployed(SiloSettings Settings, TimeSpan Grace)
{
    /// <summary>Reads a command line and an environment as the silo does.</summary>
    /// <param name="arguments">What stands after the program's name.</param>
    /// <param name="environment">Names and values; those of other programs are let be.</param>
    /// <param name="grace">Time from being told to stop to being killed.</param>
    /// <exception cref="UsageException">The silo would not start.</exception>
    public static Deployed Read(IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>> environment, TimeSpan grace)
    {
        string[] given = [.. arguments];
        var more = new List<string>();
        foreach (var (name, value) in environment.Where(v => v.Key.StartsWith("PARCAE_", StringComparison.Ordinal)))
        {
            string option = SettingNames.Options.FirstOrDefault(o => SettingNames.ToVariable(o) == name) ?? throw new UsageException($"{name} is no setting of the silo.");
            // The command line wins.
            if (!given.Contains($"--{option}")) more.AddRange([$"--{option}", value]);
        }

        return new Deployed(SettingNames.Read([.. given, .. more]), grace);
    }

    /// <summary>The image's own environment.</summary>
    public static IReadOnlyDictionary<string, string> ImageEnvironment { get; } = Assignments().Matches(
            string.Join(' ', Repository.Read("infra/Dockerfile").Replace("\\\n", " ", StringComparison.Ordinal).Split('\n').Where(l => l.StartsWith("ENV ", StringComparison.Ordinal))))
        .ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);

    /// <summary>Fails unless the silo has the time that it may take to stop, and a second for whoever kills it.</summary>
    public void AssertStopsInTime()
    {
        var needed = TimeSpan.FromSeconds(Settings.StopTimeout) + Departure.SiloStop + TimeSpan.FromSeconds(1);
        Assert.True(Grace >= needed, string.Create(CultureInfo.InvariantCulture, $"it is killed after {Grace.TotalSeconds} s; its stop may take {needed.TotalSeconds} s (--stop-timeout {Settings.StopTimeout} and 5 s)"));
    }

    [GeneratedRegex(@"([A-Z_]+)=(\S+)")]
    private static partial Regex Assignments();
}
