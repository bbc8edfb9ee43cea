using Parcae.Silo.Hosting;
using Parcae.Silo.Profiling;
using Parcae.Silo.Store;

namespace Parcae.Silo;

internal static class Program
{
    private const string Help = """
        Parcae.Silo: the host of Parcae.Orleans.

          Parcae.Silo --role control [options]   grains, /health, /metrics and the state vault (on-demand instance)
          Parcae.Silo --role worker  [options]   the GPU worker (one per preemptible instance)
          Parcae.Silo store --port P --data DIR  an embedded Redis-compatible store for one machine
          Parcae.Silo profile                    measures a model for `parcae profile`, which says what on standard input

        Every option can also be set in the environment (--redis as PARCAE_REDIS) or in the section "Parcae" of appsettings.json.
        """;

    public static async Task<int> Main(string[] args)
    {
        if (args is ["--help"] or ["-h"] or ["-?"])
        {
            await Console.Out.WriteLineAsync(Help);
            await Console.Out.WriteLineAsync($"Options: {string.Join(", ", SettingNames.Options.Select(o => "--" + o))}");
            return 0;
        }
        try
        {
            string? verb = args is ["store" or "profile" or "profile-worker", ..] ? args[0] : null;
            var settings = SettingNames.Read(verb is null ? args : args[1..]);
            if (settings.ParentPid is { } parent) ParentWatch.Start(parent);
            return verb switch
            {
                "store" => await EmbeddedStore.RunAsync(settings),
                "profile" => await ProfileProgram.RunAsync(),
                "profile-worker" => await ProfileProgram.RunWorkerAsync(settings),
                _ => await SiloHost.RunAsync(settings),
            };
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
    }
}
