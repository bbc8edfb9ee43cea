using Parcae.GpuWorker.Service;

namespace Parcae.GpuWorker.Models.Plugins;

/// <summary>Where class libraries of users' own models may lie. A silo runs what others submit, and keeps them to one folder; a process that runs its own user's jobs alone loads any.</summary>
public static class PluginFolder
{
    private static volatile Rule? _rule;

    /// <param name="Folder">Null: nothing is loaded.</param>
    internal sealed record Rule(AllowedFolders? Folder);

    /// <summary>From now on this process loads only what lies in the folder, at any depth; null: nothing.</summary>
    public static void Restrict(string? folder) => _rule = RuleOf(folder);

    /// <summary>Does nothing where the file may be loaded.</summary>
    /// <param name="path">A whole path.</param>
    /// <exception cref="ArgumentException">It lies elsewhere.</exception>
    public static void Check(string path) => Check(path, _rule);

    /// <summary>What <see cref="Restrict"/> makes the rule.</summary>
    internal static Rule RuleOf(string? folder) => new(folder is null ? null : new AllowedFolders(folder));

    /// <summary>The same under a given rule; null: everything may be loaded.</summary>
    internal static void Check(string path, Rule? rule)
    {
        if (rule is null) return;
        if (rule.Folder is null) throw new ArgumentException($"model.assembly: {path} is not loaded: this silo loads no models of users' own; start it with --plugins FOLDER where that is wanted.", nameof(path));
        if (!rule.Folder.Hold(path)) throw new ArgumentException($"model.assembly: {path} is not loaded: it must lie in the folder of this silo's --plugins, {rule.Folder}", nameof(path));
    }
}
