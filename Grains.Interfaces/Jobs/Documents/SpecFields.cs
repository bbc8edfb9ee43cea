using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;

namespace Parcae.Grains.Documents;

/// <summary>The fields of a group, as the record of the spec has them.</summary>
internal sealed class SpecFields
{
    private static readonly ConcurrentDictionary<Type, SpecFields> Known = new();
    private static readonly NullabilityInfoContext Nullability = new();

    private SpecFields(Type type)
    {
        Type = type;
        Default = Activator.CreateInstance(type)!;
        Fields = [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite).Select(p => new SpecField(p, IsNullable(p)))];
    }

    /// <summary>Those of the whole document.</summary>
    public static SpecFields Root => Of(typeof(JobSpec));

    /// <summary>The record.</summary>
    public Type Type { get; }

    /// <summary>A record whose properties all have their default value.</summary>
    public object Default { get; }

    /// <summary>In the order in which they are declared.</summary>
    public IReadOnlyList<SpecField> Fields { get; }

    /// <summary>The fields of a record.</summary>
    public static SpecFields Of(Type type) => Known.GetOrAdd(type, t => new SpecFields(t));

    /// <summary>The field of that name, or null.</summary>
    public SpecField? Find(string name) => Fields.FirstOrDefault(f => f.Name == name);

    private static bool IsNullable(PropertyInfo property)
    {
        // The context caches what it has seen and is not made for several threads.
        lock (Nullability) return Nullable.GetUnderlyingType(property.PropertyType) is not null || Nullability.Create(property).WriteState == NullabilityState.Nullable;
    }
}

/// <summary>One field of a group.</summary>
internal sealed class SpecField(PropertyInfo property, bool isNullable)
{
    /// <summary>As a document writes it.</summary>
    public string Name { get; } = JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    /// <summary>The property.</summary>
    public PropertyInfo Property { get; } = property;

    /// <summary>Whether null says something.</summary>
    public bool IsNullable { get; } = isNullable;

    /// <summary>Its type, that of the value where it is nullable.</summary>
    public Type Type { get; } = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;

    /// <summary>Whether it is a group of fields itself.</summary>
    public bool IsGroup => Type.Namespace == typeof(JobSpec).Namespace && Type.IsClass;
}
