using System.Collections;
using System.Globalization;

namespace Parcae.Grains.Documents;

/// <summary>A spec as nodes.</summary>
internal static class SpecNodes
{
    /// <summary>The nodes of a spec.</summary>
    /// <param name="spec">The spec, or a group of it.</param>
    /// <param name="complete">Whether fields with their default value are there too.</param>
    public static MapNode Of(object spec, bool complete)
    {
        var known = SpecFields.Of(spec.GetType());
        var map = new MapNode(null);
        foreach (var field in known.Fields)
        {
            var node = Node(field.Property.GetValue(spec), field, complete);
            if (complete || (field.IsGroup ? node is MapNode { Entries.Count: > 0 } : JsonNodes.Write(node) != JsonNodes.Write(Node(field.Property.GetValue(known.Default), field, true))))
                map.Set(field.Name, node);
        }

        return map;
    }

    private static DocumentNode Node(object? value, SpecField field, bool complete) => value switch
    {
        not null when field.IsGroup => Of(value, complete),
        Dictionary<string, string> texts => Map(texts),
        string or null => Scalar(value),
        IEnumerable items => List(items),
        _ => Scalar(value),
    };

    private static MapNode Map(Dictionary<string, string> texts)
    {
        var map = new MapNode(null);
        foreach (var (key, text) in texts.OrderBy(t => t.Key, StringComparer.Ordinal)) map.Set(key, Scalar(text));
        return map;
    }

    private static ListNode List(IEnumerable items)
    {
        var list = new ListNode(null);
        foreach (object? item in items) list.Items.Add(Scalar(item));
        return list;
    }

    private static ScalarNode Scalar(object? value) => value switch
    {
        null => new ScalarNode(ScalarKind.Null, "", null),
        string text => new ScalarNode(ScalarKind.Text, text, null),
        bool flag => new ScalarNode(ScalarKind.Boolean, flag ? "true" : "false", null),
        double number => new ScalarNode(ScalarKind.Number, number.ToString("R", CultureInfo.InvariantCulture), null),
        IFormattable number => new ScalarNode(ScalarKind.Number, number.ToString(null, CultureInfo.InvariantCulture), null),
        _ => throw new InvalidOperationException($"There is no way to write a {value.GetType().Name} in a job's document."),
    };
}
