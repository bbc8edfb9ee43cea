using Parcae.Grains;
using Parcae.Silo.Absence;
using Parcae.Silo.Checkpoints;
using Parcae.Silo.Hosting;
using Parcae.Silo.Profiling;
using Parcae.Silo.Store;

namespace Parcae.Silo;

internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (args is ["--help"] or ["-h"] or ["-?"])
        {
            await Console.Out.WriteAsync(SettingHelp.Text());
            return 0;
        }
        if (args is [var first, ..] && CheckpointVerbs.Names.Contains(first)) return await CheckpointVerbs.RunAsync(args, Console.Out, Console.Error);
        try
        {
            (var leave, args) = Leave.TakeFrom(args);
            string? verb = args is ["store" or "profile" or "profile-worker", ..] ? args[0] : null;
            var settings = SettingNames.Read(verb is null ? args : args[1..]);
            if (settings.ParentPid is { } parent) ParentWatch.Start(parent);
            return verb switch
            {
                "store" => await EmbeddedStore.RunAsync(settings),
                "profile" => await ProfileProgram.RunAsync(),
                "profile-worker" => await ProfileProgram.RunWorkerAsync(settings),
                _ => await SiloHost.RunAsync(settings, leave),
            };
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
        catch (Exception e) when (e is RedisRefusedException or PortRefusedException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }
}
